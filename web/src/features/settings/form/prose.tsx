/** A sentence in which code stands between backticks. */
export function Prose({ text }: { text: string }) {
  return (
    <bdi>
      {text.split("`").map((part, at) =>
        at % 2 === 1 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part is known by its place only
          <bdi key={at} dir="ltr" className="font-mono text-[0.92em] wrap-anywhere">
            {part}
          </bdi>
        ) : (
          part
        ),
      )}
    </bdi>
  );
}
