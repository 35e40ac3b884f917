import { type SystemConfigModel, itemsOf, textOf } from "./model.ts";
import { type Report, spotOf } from "./rule-context.ts";

/** The toolkit's rules for package repositories. */
export function checkPackageRepos({ PackageRepos }: SystemConfigModel, report: Report): void {
  const names = new Set<string>();
  for (const { value: repo, spot } of itemsOf(PackageRepos)) {
    const name = textOf(repo.Name);
    const nameSpot = spotOf(repo.Name, spot, "Name");
    if (name.trim() === "") report(nameSpot, "must not be empty");
    else if (names.has(name)) report(nameSpot, "another repository has this name, too");
    names.add(name);
    const url = textOf(repo.BaseUrl);
    if (url.trim() === "" || !URL.canParse(url)) {
      report(spotOf(repo.BaseUrl, spot, "BaseUrl"), url.trim() === "" ? "must not be empty" : "is no address");
    }
    const isChecked = repo.GPGCheck?.value !== false || repo.RepoGPGCheck?.value !== false;
    if (repo.GPGKeys !== undefined && repo.GPGKeys.value !== "" && isChecked && repo.Install?.value !== true) {
      report(repo.GPGKeys.spot, "keys of one's own need a repository that is installed", {
        hint: "Set Install to true, or switch GPGCheck and RepoGPGCheck off",
      });
    }
  }
}
