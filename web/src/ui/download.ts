/** Hands a piece of text to the browser as a file. */
export function downloadText(name: string, text: string) {
  downloadBlob(name, new Blob([text], { type: "text/plain" }));
}

/** Hands bytes to the browser as a file. */
export function downloadBlob(name: string, bytes: Blob) {
  const url = URL.createObjectURL(bytes);
  downloadUrl(name, url);
  URL.revokeObjectURL(url);
}

/** Lets the browser save what an address leads to. */
export function downloadUrl(name: string, url: string) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}
