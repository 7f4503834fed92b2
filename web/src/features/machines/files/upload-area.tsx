// Takes files, by a button or dropped, and shows how far each is.
import { type DragEvent, type ReactNode, useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { MachineDetail } from "@/api/types";
import { useMe } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { Button, IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { useProblemText } from "@/ui/problem";
import { toast } from "@/ui/toast";
import type { Place } from "./place";
import { mayRetry, type Upload, type Uploads } from "./uploads";
import { uploadsOf } from "./uploads-of";

interface UploadAreaProps {
  machine: MachineDetail;
  place: Place;
  mayPut: boolean;
  children: ReactNode;
}

export function UploadArea({ machine, place, mayPut, children }: UploadAreaProps) {
  const { t } = useTranslation();
  const { user } = useMe();
  const uploads = uploadsOf(user.id, machine.id);
  const items = useSyncExternalStore(uploads.subscribe, () => uploads.items);
  const field = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const id = useId();
  useLeaveWarning(uploads.isBusy);

  function drop(event: DragEvent) {
    event.preventDefault();
    setIsOver(false);
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.());
    if (entries.some((entry) => entry?.isDirectory)) return toast(t("files.upload.no_directories"), "danger");
    uploads.add(place, event.dataTransfer.files);
  }

  return (
    <section
      aria-label={t("files.title")}
      onDragOver={(event) => {
        if (!mayPut || !event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setIsOver(false)}
      onDrop={(event) => mayPut && drop(event)}
      className={cx(isOver && "rounded-md outline-2 outline-offset-8 outline-accent outline-dashed")}
    >
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button icon="upload" disabled={!mayPut} onClick={() => field.current?.click()}>
          {t("files.upload.action")}
        </Button>
        <label htmlFor={id} className="text-sm text-faint pointer-coarse:sr-only">
          {t("files.upload.drop")}
        </label>
        <input
          ref={field}
          id={id}
          type="file"
          multiple
          hidden
          disabled={!mayPut}
          onChange={({ target }) => {
            uploads.add(place, target.files ?? []);
            target.value = "";
          }}
        />
      </div>
      {items.length > 0 && <UploadList uploads={uploads} items={items} />}
      {children}
    </section>
  );
}

function UploadList({ uploads, items }: { uploads: Uploads; items: Upload[] }) {
  const { t } = useTranslation();
  return (
    <section aria-label={t("files.upload.title")} className="mb-4 rounded-md border border-line">
      <ul className="divide-y divide-line">
        {items.map((upload) => (
          <li key={upload.id} className="grid gap-1.5 px-4 py-2.5">
            <UploadLine uploads={uploads} upload={upload} />
          </li>
        ))}
      </ul>
      {!uploads.isBusy && (
        <div className="border-t border-line p-2 text-end">
          <Button look="quiet" size="sm" onClick={() => uploads.clear()}>
            {t("files.upload.clear")}
          </Button>
        </div>
      )}
    </section>
  );
}

function UploadLine({ uploads, upload }: { uploads: Uploads; upload: Upload }) {
  const { t } = useTranslation();
  const format = useFormat();
  const told = useProblemText();
  const { id, name, state, sent, size, problem } = upload;
  const share = size > 0 ? sent / size : 0;
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5">
        <bdi className="min-w-0 flex-1 basis-40 font-mono text-sm wrap-anywhere">{name}</bdi>
        <span
          role="status"
          className={cx(
            "text-sm",
            state === "failed"
              ? "text-danger"
              : state === "stored"
                ? "text-ok"
                : state === "taken"
                  ? "text-warn"
                  : "text-muted",
          )}
        >
          {state === "sending" ? `${format.percent(share)} · ${format.bytes(size)}` : t(`files.upload.state_${state}`)}
        </span>
        {state === "taken" && (
          <>
            <Button size="sm" onClick={() => uploads.replace(id)}>
              {t("files.upload.replace")}
            </Button>
            <Button size="sm" look="quiet" onClick={() => uploads.stop(id)}>
              {t("files.upload.keep")}
            </Button>
          </>
        )}
        {mayRetry(upload) && (
          <Button size="sm" icon="refresh" onClick={() => uploads.retry(id)}>
            {t("common.try_again")}
          </Button>
        )}
        {(state === "waiting" || state === "sending") && (
          <IconButton icon="close" label={t("files.upload.stop", { name })} onClick={() => uploads.stop(id)} />
        )}
      </div>
      {state === "sending" && (
        <progress aria-label={name} value={sent} max={Math.max(size, 1)} className="h-1.5 w-full accent-(--accent)" />
      )}
      {problem && <p className="text-sm text-danger">{told(problem)}</p>}
    </>
  );
}

/** Who closes the page is asked while something is on its way. */
function useLeaveWarning(isBusy: boolean) {
  useEffect(() => {
    if (!isBusy) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isBusy]);
}
