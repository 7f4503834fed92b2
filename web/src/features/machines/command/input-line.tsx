// What a program reads: line by line, until its input ends.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { ProblemNotice } from "@/ui/problem";

export function InputLine({ id }: { id: string }) {
  const { t } = useTranslation();
  const [line, setLine] = useState("");
  const [ended, setEnded] = useState(false);
  const give = useMutation({
    mutationFn: (body: { bytes?: string; ends?: boolean }) =>
      unwrap(api.POST("/commands/{id}/input", { params: { path: { id } }, body: { bytes: "", ends: false, ...body } })),
    onSuccess: (_, { ends }) => (ends ? setEnded(true) : setLine("")),
  });
  if (ended) return <p className="text-sm text-muted">{t("commands.input.ended")}</p>;
  return (
    <form
      className="grid gap-2"
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        if (!give.isPending) give.mutate({ bytes: toBase64(`${line}\n`) });
      }}
    >
      <ProblemNotice problem={give.error ? toProblem(give.error) : null} />
      <div className="flex flex-wrap items-end gap-2">
        <Field label={t("commands.input.label")} className="min-w-0 flex-1 basis-60">
          <Input code value={line} onChange={(event) => setLine(event.target.value)} className="font-mono" />
        </Field>
        <Button type="submit" busy={give.isPending}>
          {t("commands.input.send")}
        </Button>
        <Button look="quiet" onClick={() => give.mutate({ ends: true })}>
          {t("commands.input.end")}
        </Button>
      </div>
    </form>
  );
}

function toBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}
