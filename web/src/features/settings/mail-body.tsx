/** Plain text with its links made pressable; nothing in a mail is ever treated as markup. */
export function MailBody({ text }: { text: string }) {
  const parts = text.split(/(https?:\/\/\S+)/).map((part, place) => ({ part, place }));
  return (
    <div dir="auto" className="rounded-md bg-raised text-start p-5 wrap-anywhere whitespace-pre-wrap">
      {parts.map(({ part, place }) =>
        place % 2 === 1 ? (
          <a key={place} href={part} dir="ltr" className="text-accent underline underline-offset-2">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </div>
  );
}
