/** Something in the `disk` section of a template that no image can be made from. */
export interface DiskIssue {
  /** Invalid whatever program reads it, or only beyond what this one can do. */
  readonly code: "IMAGE_PLAN_INVALID" | "TEMPLATE_UNSUPPORTED";
  /** The field, for example `disk.partitions[1].end`. */
  readonly path: string;
  /** What is wrong, to be read after the path. */
  readonly message: string;
  /** What to do. */
  readonly hint: string;
}
