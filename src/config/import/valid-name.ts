/** A text as the name of an image: other characters than letters, digits, - and _ become -. */
export function validName(text: string): string {
  const name = text
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .slice(0, 128)
    .replaceAll(/^[_-]+|[_-]+$/g, "");
  return name === "" ? "imported-image" : name;
}
