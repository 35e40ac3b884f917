import { succeed } from "../e2e/support/workshop.ts";

/** A file below a root tree, as far as two trees of the same packages are equal. */
export interface FileDescription {
  /** Type, mode, owners, first of several names, link target or device numbers, and extended attributes. */
  readonly facts: string;
  /** SHA-256 of a regular file, else empty. */
  readonly digest: string;
}

/** By absolute path in the tree. */
export type TreeDescription = ReadonlyMap<string, FileDescription>;

/** Node can't list extended attributes; wherever dnf is, Python is as well. */
const DESCRIBE = `
import hashlib, json, os, stat, sys

root = sys.argv[1]
names = sorted(
    os.path.join(parent, name)
    for parent, directories, files in os.walk(root)
    for name in directories + files
)
first_names, described = {}, {}
for name in names:
    status = os.lstat(name)
    path = name[len(root):]
    facts = [stat.filemode(status.st_mode), f"{status.st_uid}:{status.st_gid}"]
    is_file = stat.S_ISREG(status.st_mode)
    if is_file and status.st_nlink > 1:
        facts.append(f"{status.st_nlink} names from " + first_names.setdefault(status.st_ino, path))
    if stat.S_ISLNK(status.st_mode):
        facts.append("-> " + os.readlink(name))
    if stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode):
        facts.append(f"device {os.major(status.st_rdev)}:{os.minor(status.st_rdev)}")
    for attribute in sorted(os.listxattr(name, follow_symlinks=False)):
        facts.append(attribute + "=" + os.getxattr(name, attribute, follow_symlinks=False).hex())
    digest = ""
    if is_file:
        with open(name, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    described[path] = {"facts": " ".join(facts), "digest": digest}
json.dump(described, sys.stdout)
`;

/** Describes every file below `root`. */
export async function describeTree(root: string): Promise<TreeDescription> {
  const text = await succeed(["/usr/bin/python3", "-c", DESCRIBE, root]);
  return new Map(Object.entries(JSON.parse(text) as Record<string, FileDescription>));
}
