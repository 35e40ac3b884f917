import type { HostFiles } from "../../../host/index.ts";
import type { Issue } from "../../document/index.ts";
import type { Composition } from "../compose.ts";
import type { NoteList } from "../import-note.ts";
import type { Spot } from "../source-node.ts";

/** What the conversion of each section gets. */
export interface Conversion {
  readonly compose: Composition;
  readonly notes: NoteList;
  readonly issues: Issue[];
  readonly files: HostFiles;
  /** The absolute path of a file that the configuration names. */
  readonly resolve: (file: string) => string;
  /** A file that the configuration names, as the template names it: relative to where the template will be; one that is not there is noted. */
  readonly localPath: (file: string, spot: Spot) => string;
}
