// Sends the operation to this server, as the person who is signed in. What changes something is asked about first.
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/i18n/format";
import { Badge, type Tone } from "@/ui/badge";
import { Button, buttonLook } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Field, Input, Select, Textarea } from "@/ui/field";
import { Icon } from "@/ui/icon";
import { ErrorState } from "@/ui/problem";
import { Coloured } from "./code-block";
import { bodyOf, type Operation, type Parameter } from "./document";
import { MethodBadge } from "./method-badge";
import { useReference } from "./reference";
import { addressOf, automatic, type Filled, isJson, keyOf, missingOf } from "./request";
import { plain } from "./schema";
import { type Received, send } from "./send";

interface TryItProps {
  operation: Operation;
  filled: Filled;
  onFill: (filled: Filled) => void;
  onReset: () => void;
}

export function TryIt(props: TryItProps) {
  const { t } = useTranslation("docs");
  const { t: shared } = useTranslation();
  const { me } = useReference();
  const { operation } = props;
  if (operation["x-socket"]) return <Hint text={t("docs.try.socket")} />;
  if (!Object.keys(operation.responses).some((status) => status.startsWith("2"))) {
    return <Hint text={t("docs.try.redirect")} />;
  }
  if (!me) {
    return (
      <Hint text={t("docs.try.signed_out")}>
        <Link to="/sign-in" search={{ return_to: `/docs#${operation.id}` }} className={buttonLook("secondary", "sm")}>
          {shared("sign_in.action")}
        </Link>
      </Hint>
    );
  }
  return <Form {...props} />;
}

function Hint({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 rounded-md bg-raised px-3.5 py-3 text-sm text-muted">
      <p className="flex-1 basis-48">{text}</p>
      {children}
    </div>
  );
}

function Form({ operation, filled, onFill, onReset }: TryItProps) {
  const { t } = useTranslation("docs");
  const { t: shared } = useTranslation();
  const [tried, setTried] = useState(false);
  const [asking, setAsking] = useState(false);
  const [file, setFile] = useState<File | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const work = useMutation({
    mutationFn: () => {
      running.current = new AbortController();
      return send(operation, filled, file, running.current.signal);
    },
  });
  const stopped = work.error instanceof DOMException && work.error.name === "AbortError";
  const parameters = operation.parameters.filter((one) => one.in !== "cookie" && !automatic(one));
  const missing = new Set(missingOf(operation, filled).map(keyOf));
  const body = bodyOf(operation);
  const json = body && isJson(body.type);
  const badJson = json ? jsonFault(filled.body) : null;
  const fileMissing = Boolean(body && !json && !file);

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (missing.size > 0 || badJson || fileMissing) return;
    if (operation.method === "get") work.mutate();
    else setAsking(true);
  }

  return (
    <div className="rounded-md border border-line">
      <form noValidate onSubmit={submit} className="grid gap-3.5 p-3.5">
        <p className="text-sm text-muted">
          {t("docs.try.lead")} {operation.method !== "get" && t("docs.try.automatic")}
        </p>
        {parameters.map((parameter) => (
          <ParameterField
            key={keyOf(parameter)}
            parameter={parameter}
            value={filled.values[keyOf(parameter)] ?? ""}
            error={tried && missing.has(keyOf(parameter)) ? t("docs.try.missing") : undefined}
            onChange={(value) => onFill({ ...filled, values: { ...filled.values, [keyOf(parameter)]: value } })}
          />
        ))}
        {body && json && (
          <Field
            label={t("docs.try.body")}
            error={badJson && (tried || work.data) ? t("docs.try.bad_json", { reason: badJson }) : undefined}
          >
            <Textarea
              dir="ltr"
              spellCheck={false}
              rows={Math.min(Math.max(filled.body.split("\n").length, 3), 16)}
              value={filled.body}
              onChange={(event) => onFill({ ...filled, body: event.target.value })}
              className="font-mono text-xs! leading-5"
            />
          </Field>
        )}
        {body && !json && (
          <Field label={t("docs.try.file")} error={tried && fileMissing ? t("docs.try.missing") : undefined}>
            <Input
              type="file"
              accept={body.types.join(",")}
              onChange={(event) => setFile(event.target.files?.[0] ?? null)}
              className="py-1.5"
            />
          </Field>
        )}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="primary" size="sm" busy={work.isPending}>
            {t("docs.try.send")}
          </Button>
          {work.isPending ? (
            <Button size="sm" look="quiet" onClick={() => running.current?.abort()}>
              {t("docs.try.stop")}
            </Button>
          ) : (
            <Button
              size="sm"
              look="quiet"
              onClick={() => {
                onReset();
                work.reset();
                setTried(false);
              }}
            >
              {t("docs.try.reset")}
            </Button>
          )}
        </div>
      </form>
      <div role="status">{work.data && <Answer received={work.data} />}</div>
      {work.error && !stopped && (
        <div className="border-t border-line">
          <ErrorState error={work.error} />
        </div>
      )}
      {asking && (
        <Dialog
          open
          onClose={() => setAsking(false)}
          title={t("docs.try.confirm_title")}
          description={t("docs.try.confirm_text")}
        >
          <p className="flex items-start gap-3 rounded-md bg-raised p-3">
            <MethodBadge operation={operation} />
            <code dir="ltr" className="min-w-0 font-mono text-xs leading-5.5 wrap-anywhere">
              {addressOf(operation, filled)}
            </code>
          </p>
          <DialogActions>
            <Button onClick={() => setAsking(false)}>{shared("common.cancel")}</Button>
            <Button
              look={operation.method === "delete" ? "danger" : "primary"}
              onClick={() => {
                setAsking(false);
                work.mutate();
              }}
            >
              {t("docs.try.send")}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </div>
  );
}

function jsonFault(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface ParameterFieldProps {
  parameter: Parameter;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

function ParameterField({ parameter, value, error, onChange }: ParameterFieldProps) {
  const { t } = useTranslation("docs");
  const { schemas } = useReference();
  const { schema, type } = plain(parameter.schema ?? {}, schemas);
  const choices = schema.enum?.map(String) ?? (type === "boolean" ? ["true", "false"] : null);
  return (
    <Field label={parameter.name} optional={!parameter.required} error={error}>
      {choices ? (
        <Select value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{t("docs.try.not_set")}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </Select>
      ) : (
        <Input
          code
          inputMode={type === "integer" ? "numeric" : undefined}
          placeholder={schema.default === undefined ? undefined : String(schema.default)}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

function Answer({ received }: { received: Received }) {
  const { t } = useTranslation("docs");
  const format = useFormat();
  const { status, statusText, tookMs, headers, text, picture, bytes, cut } = received;
  return (
    <div className="appear border-t border-line">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3.5 py-2.5 text-sm">
        <h5 className="sr-only">{t("docs.try.answer")}</h5>
        <StatusBadge status={String(status)} text={statusText} />
        <span className="text-muted">{t("docs.try.took", { value: format.number(tookMs) })}</span>
        {bytes > 0 && <span className="text-muted">{format.bytes(bytes)}</span>}
      </div>
      <details className="group border-t border-line px-3.5 py-2 text-sm">
        <summary className="flex min-h-6 list-none items-center gap-1 rounded-sm text-muted hover:text-ink">
          <Icon
            name="chevron"
            className="size-3.5 transition-transform group-open:rotate-90 rtl:group-open:rotate-90"
          />
          {t("docs.try.headers", { count: headers.length })}
        </summary>
        <dl dir="ltr" className="mt-1.5 grid gap-y-1 font-mono text-xs">
          {headers.map(([name, value]) => (
            <div key={name} className="flex flex-wrap gap-x-2">
              <dt className="text-muted">{name}:</dt>
              <dd className="min-w-0 wrap-anywhere">{value}</dd>
            </div>
          ))}
        </dl>
      </details>
      <div className="relative border-t border-line p-3.5">
        {text !== null && (
          <>
            <div className="absolute end-1 top-1">
              <CopyButton text={text} />
            </div>
            <section
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
              tabIndex={0}
              aria-label={t("docs.try.answer")}
              className="max-h-112 overflow-y-auto rounded-sm pe-9"
            >
              <Coloured text={text} />
            </section>
          </>
        )}
        {picture && <Picture picture={picture} />}
        {text === null && !picture && <p className="text-sm text-muted">{t("docs.try.empty")}</p>}
        {cut && <p className="mt-2 text-sm text-muted">{t("docs.try.cut", { size: format.bytes(bytes) })}</p>}
      </div>
    </div>
  );
}

function Picture({ picture }: { picture: Blob }) {
  const { t } = useTranslation("docs");
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(picture);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return url && <img src={url} alt={t("docs.try.picture")} className="max-h-64 rounded-md" />;
}

export function StatusBadge({ status, text }: { status: string; text?: string }) {
  const tones: Record<string, Tone> = { "1": "accent", "2": "ok", "3": "accent", "4": "warn", "5": "danger" };
  return (
    <Badge tone={tones[status.charAt(0)] ?? "plain"}>
      <bdi dir="ltr" className="font-mono">
        {[status, text].filter(Boolean).join(" ")}
      </bdi>
    </Badge>
  );
}
