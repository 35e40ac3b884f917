import type { HostFiles } from "../../host/index.ts";
import type { Issue, Positions } from "../document/index.ts";
import type { ImageTemplate, TargetSection } from "../template/schema/index.ts";
import type { NoteList } from "./import-note.ts";
import type { SourceNode, Spot } from "./source-node.ts";

/** What a user may say about an import. */
export interface ImportOptions {
  /** What the paths in the file are relative to; the directory of the file when absent. */
  readonly baseDir?: string;
  /** The directory that the paths in the template are made relative to; that of the file when absent. */
  readonly templateDir?: string;
  readonly arch?: TargetSection["arch"];
  /** The name of the system configuration to import. */
  readonly systemConfig?: string;
}

/** A parsed foreign document and all that its conversion needs. */
export interface ForeignSource {
  readonly node: SourceNode;
  /** As messages show it. */
  readonly file: string;
  readonly files: HostFiles;
  readonly baseDir: string;
  readonly options: ImportOptions;
  readonly positions: Positions;
  readonly notes: NoteList;
  /** Takes notes that nobody reads. */
  readonly silentNotes: NoteList;
  readonly sources: Map<string, string>;
  readonly shownFile: (file: string) => string;
  readonly resolve: (file: string) => string;
  /** A file that the document names, as the template names it; one that is not there is noted. */
  readonly localPath: (file: string, spot: Spot) => string;
}

export interface ImportOutcome {
  readonly issues: readonly Issue[];
  /** Absent when there are issues. */
  readonly template?: ImageTemplate;
}
