import { WHOLE_PROOF } from "../../support/figures";
import { apart } from "./sidePaths/apart";
import { bothRoots } from "./sidePaths/both";
import {
  compromisedIntermediate,
  compromisedRoot,
} from "./sidePaths/compromised";
import { renewedRoot } from "./sidePaths/renewed";

// What a rotation's straight way does not come by: a key that others know, an end that is final, a renewal on the way,
// and the page docs/runbooks/shared-root.md, whose code is executed here.

jest.setTimeout(600_000);

bothRoots();
apart();
// The short form has one of each kind in the two above.
if (WHOLE_PROOF) {
  compromisedRoot();
  compromisedIntermediate();
  renewedRoot();
}
