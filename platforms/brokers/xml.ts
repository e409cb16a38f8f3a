/** Text as the content of an XML element, or between the quotes of an attribute; blanks at its ends are kept. */
export function xmlText(text: string): string {
  return text.replace(
    /[&<>"']|^ | $/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );
}
