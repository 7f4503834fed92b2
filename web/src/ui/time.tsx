import { useFormat } from "@/i18n/format";

/** A moment told as people say it, with the exact time on hover and in the markup. */
export function Ago({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.exact(at)} className="whitespace-nowrap">
      {format.ago(at)}
    </time>
  );
}

export function Moment({ at }: { at: string }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.exact(at)} className="whitespace-nowrap">
      {format.moment(at)}
    </time>
  );
}
