import { CopyButton } from "./copy-button";

/** A value to be copied whole: a link, a key, a command. Always left to right. */
export function SecretLine({ text }: { text: string }) {
  return (
    <div dir="ltr" className="flex items-center gap-1 rounded-md border border-line bg-raised ps-3 pe-1">
      <code className="min-w-0 flex-1 py-2.5 font-mono text-sm break-all select-all">{text}</code>
      <CopyButton text={text} />
    </div>
  );
}
