import { checkAlternativeNames } from "../alternativeNames";
import type { Problem } from "../problem";
import { InputError, below, quote } from "../problem";
import type { Subject } from "../subject";
import { checkSubject } from "../subject";
import type { Device } from "./device";
import { fineNames } from "./device";

/** The texts of a batch in which placeholders may stand. */
export interface TemplateProfile {
  readonly subject: Omit<Subject, "commonName">;
  /** Host names for every device: `{id}.{site}.example`. */
  readonly dnsNames?: readonly string[];
  /** URIs for every device: `urn:device:{serialNumber}`. */
  readonly uris?: readonly string[];
}

/** The texts of a batch as one device gets them. */
export interface Expansion {
  readonly subject: Omit<Subject, "commonName">;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
}

/** Where a template uses a placeholder. */
export interface PlaceholderUse {
  readonly placeholder: string;
  /** Property path of the template: `dnsNames[0]`. */
  readonly path: string;
  readonly template: string;
}

/** A text cut at its placeholders: text, placeholder, text, …; one part only where it has none. */
type Parts = readonly string[];

interface Template {
  readonly path: string;
  readonly text: string;
  readonly parts: Parts;
}

/** A template of the subject, and where its text goes: `organizationalUnits`, 1. */
interface SubjectTemplate extends Template {
  readonly member: string;
  readonly index: number | undefined;
}

const NONE: readonly Problem[] = [];
const OWN: readonly string[] = ["id", "serialNumber"];
/** Also keeps out `__proto__`, which is no name for a member of an object. */
const PLACEHOLDER = /^\p{L}[^{}]*$/u;
/** Texts that every attribute of a subject but country, serial number and e-mail address takes. */
const FINE_SUBJECT = /^[!-~](?:[ -~]{0,62}[!-~])?$/;
const RULE =
  'write placeholders as {id}, {serialNumber} or {column}, and "{{" for a brace';

/**
 * The templates of a batch's names, ready to be filled in for each device.
 * Placeholders are `{id}`, `{serialNumber}` and the free columns of the list;
 * `{{` writes a brace.
 */
export class NameTemplates {
  /** The free columns that templates use: all placeholders but `id` and `serialNumber`. */
  readonly columns: ReadonlySet<string>;
  /** Every use of a placeholder. */
  readonly uses: readonly PlaceholderUse[];
  /** Whether there is no placeholder at all; then all devices share one {@link expand}. */
  readonly plain: boolean;
  private readonly dnsNames: readonly Template[];
  private readonly uris: readonly Template[];
  private readonly subject: readonly SubjectTemplate[];
  private readonly constant: Expansion;

  /** @throws InputError with all that is wrong; use {@link compileTemplates} */
  constructor(profile: TemplateProfile) {
    const problems: Problem[] = [];
    const cut = (text: string, path: string): Template => ({
      path,
      text,
      parts: cutAtPlaceholders(text, path, problems),
    });
    const list = (name: "dnsNames" | "uris"): Template[] =>
      (profile[name] ?? []).map((text, index) =>
        cut(text, `${name}[${index}]`),
      );
    this.dnsNames = list("dnsNames");
    this.uris = list("uris");
    const texts = subjectTexts(profile.subject).map((text) => ({
      ...text,
      ...cut(text.text, text.path),
    }));
    if (problems.length > 0) {
      throw new InputError(problems);
    }
    this.uses = [...this.dnsNames, ...this.uris, ...texts].flatMap(
      ({ path, text, parts }) =>
        placeholdersOf(parts).map((placeholder) => ({
          placeholder,
          path,
          template: text,
        })),
    );
    this.columns = new Set(
      this.uses
        .map(({ placeholder }) => placeholder)
        .filter((name) => !OWN.includes(name)),
    );
    this.plain = this.uses.length === 0;
    this.subject = texts.filter(({ parts }) => parts.length > 1);
    this.constant = {
      subject: withTexts(
        profile.subject,
        texts.map((text) => [text, text.parts[0] ?? ""]),
      ),
      dnsNames: this.dnsNames.map(({ parts }) => parts[0] ?? ""),
      uris: this.uris.map(({ parts }) => parts[0] ?? ""),
    };
  }

  /**
   * The batch's texts for this device.
   *
   * @throws InputError where the device has no value for a placeholder, see {@link check}
   */
  expand(device: Device): Expansion {
    if (this.plain) {
      return this.constant;
    }
    const all = (templates: readonly Template[]): string[] =>
      templates.map((template) => fill(template, device));
    return {
      subject:
        this.subject.length === 0
          ? this.constant.subject
          : withTexts(
              this.constant.subject,
              this.subject.map((text) => [text, fill(text, device)]),
            ),
      dnsNames: all(this.dnsNames),
      uris: all(this.uris),
    };
  }

  /**
   * What is wrong with the batch's texts for this device: values it lacks, and
   * names that its values make and no certificate takes. Empty, without
   * anything allocated but the texts, where all is well.
   */
  check(device: Device): readonly Problem[] {
    if (this.plain) {
      return NONE;
    }
    for (const { placeholder } of this.uses) {
      if (valueOf(device, placeholder) === "") {
        return this.missing(device);
      }
    }
    const { subject, dnsNames, uris } = this.expand(device);
    const fine =
      fineNames(dnsNames, uris) &&
      this.subject.every(
        (template) =>
          // Of a list, no two values may be the same.
          template.index === undefined &&
          isFreeText(template.member) &&
          FINE_SUBJECT.test(fill(template, device)),
      );
    return fine
      ? NONE
      : below(device.source, [
          ...checkAlternativeNames({ dnsNames, uris }),
          ...below(
            "subject",
            checkSubject({ ...subject, commonName: device.id }).filter(
              ({ path }) => path !== "commonName",
            ),
          ),
        ]);
  }

  private missing(device: Device): Problem[] {
    const said = new Set<string>();
    return this.uses.flatMap(({ placeholder, path, template }) => {
      if (said.has(placeholder) || valueOf(device, placeholder) !== "") {
        return [];
      }
      said.add(placeholder);
      return [missingValue(device, placeholder, path, template)];
    });
  }
}

/** A batch of which no text is a template. */
export const NO_TEMPLATES = new NameTemplates({ subject: {} });

const compiled = new WeakMap<TemplateProfile, NameTemplates>();

/**
 * Reads the templates of a batch, once for each profile.
 *
 * @throws InputError with every template that cannot be read
 * @example
 * ```ts
 * const templates = compileTemplates({ subject: {}, dnsNames: ["{id}.{site}.example"] });
 * templates.columns; // Set { "site" }
 * ```
 */
export function compileTemplates(profile: TemplateProfile): NameTemplates {
  const known = compiled.get(profile);
  if (known !== undefined) {
    return known;
  }
  const templates = new NameTemplates(profile);
  compiled.set(profile, templates);
  return templates;
}

/** The profile without all that hangs on a device or cannot be read, to check the rest of it before there are devices. */
export function withoutTemplates(profile: TemplateProfile): TemplateProfile {
  const constant = (text: string): string | undefined => {
    const problems: Problem[] = [];
    const parts = cutAtPlaceholders(text, "", problems);
    return problems.length > 0 || parts.length > 1 ? undefined : text;
  };
  const kept = (texts: readonly string[] = []): string[] =>
    texts.filter((text) => constant(text) !== undefined);
  const subject = Object.entries(profile.subject).flatMap(
    ([member, value]: [string, string | readonly string[]]) => {
      const left = typeof value === "string" ? constant(value) : kept(value);
      // An empty list is another mistake than the one its templates may be.
      return left === undefined || left.length < Math.min(1, value.length)
        ? []
        : [[member, left]];
    },
  );
  return {
    subject: Object.fromEntries(subject) as TemplateProfile["subject"],
    dnsNames: kept(profile.dnsNames),
    uris: kept(profile.uris),
  };
}

/**
 * Cuts a text at its placeholders.
 *
 * @param problems takes what is wrong with it
 */
export function cutAtPlaceholders(
  text: string,
  path: string,
  problems: Problem[],
): Parts {
  const parts: string[] = [];
  let plain = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character !== "{") {
      plain += character;
      continue;
    }
    if (text.charAt(at + 1) === "{") {
      plain += "{";
      at += 1;
      continue;
    }
    const end = text.indexOf("}", at);
    const name = end === -1 ? "" : text.slice(at + 1, end);
    if (!PLACEHOLDER.test(name)) {
      problems.push({
        path,
        message:
          end === -1
            ? `${quote(text)} opens a brace that is never closed; ${RULE}.`
            : `${quote(text)} holds ${quote(`{${name}}`)}, which is no placeholder; ${RULE}.`,
      });
      return [text];
    }
    parts.push(plain, name);
    plain = "";
    at = end;
  }
  return [...parts, plain];
}

function placeholdersOf(parts: Parts): string[] {
  return parts.filter((_, index) => index % 2 === 1);
}

function valueOf(device: Device, placeholder: string): string {
  return placeholder === "id"
    ? device.id
    : placeholder === "serialNumber"
      ? (device.serialNumber ?? "")
      : (device.columns?.[placeholder] ?? "");
}

function fill({ parts, path, text }: Template, device: Device): string {
  let filled = parts[0] ?? "";
  for (let index = 1; index < parts.length; index += 2) {
    const placeholder = parts[index] ?? "";
    const value = valueOf(device, placeholder);
    if (value === "") {
      throw new InputError([missingValue(device, placeholder, path, text)]);
    }
    filled += value + (parts[index + 1] ?? "");
  }
  return filled;
}

function missingValue(
  device: Device,
  placeholder: string,
  path: string,
  template: string,
): Problem {
  return {
    path: `${device.source}.${placeholder}`,
    message: `is empty, and ${path} ${quote(template)} needs it; write a value.`,
  };
}

function isFreeText(member: string): boolean {
  return !["country", "serialNumber", "emailAddress"].includes(member);
}

type SubjectText = Pick<SubjectTemplate, "member" | "index" | "path" | "text">;

function subjectTexts(subject: TemplateProfile["subject"]): SubjectText[] {
  return Object.entries(subject).flatMap(
    ([member, value]: [string, unknown]): SubjectText[] => {
      const path = `subject.${member}`;
      if (!Array.isArray(value)) {
        return typeof value === "string"
          ? [{ member, index: undefined, path, text: value }]
          : [];
      }
      return (value as readonly string[]).map((text, index) => ({
        member,
        index,
        path: `${path}[${index}]`,
        text,
      }));
    },
  );
}

function withTexts(
  subject: TemplateProfile["subject"],
  texts: readonly (readonly [SubjectText, string])[],
): TemplateProfile["subject"] {
  const copy: Record<string, unknown> = { ...subject };
  for (const [{ member, index }, text] of texts) {
    if (index === undefined) {
      copy[member] = text;
    } else {
      const list = [...(copy[member] as readonly string[])];
      list[index] = text;
      copy[member] = list;
    }
  }
  return copy;
}
