/** Lets the browser save what an address holds. */
export function saveFile(href: string, name: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.rel = "noreferrer";
  link.click();
}
