// Short confirmations at the edge of the screen, read out politely and gone by themselves.
import { useEffect, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Icon } from "./icon";

type Tone = "ok" | "danger";

interface Toast {
  id: number;
  text: string;
  tone: Tone;
}

let shown: Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

export function toast(text: string, tone: Tone = "ok") {
  lastId += 1;
  replace([...shown, { id: lastId, text, tone }].slice(-3));
}

function dismiss(id: number) {
  replace(shown.filter((item) => item.id !== id));
}

function replace(next: Toast[]) {
  shown = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const { t } = useTranslation();
  const items = useSyncExternalStore(subscribe, () => shown);
  return (
    <section
      aria-label={t("common.notifications")}
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-4 z-60 grid justify-items-center gap-2 sm:start-auto sm:justify-items-end"
    >
      {items.map((item) => (
        <ToastLine key={item.id} item={item} />
      ))}
    </section>
  );
}

function ToastLine({ item }: { item: Toast }) {
  const { t } = useTranslation();
  useEffect(() => {
    const timer = setTimeout(() => dismiss(item.id), item.tone === "ok" ? 4000 : 8000);
    return () => clearTimeout(timer);
  }, [item]);
  return (
    <div className="appear pointer-events-auto flex max-w-sm items-center gap-3 rounded-lg bg-ink py-2.5 ps-4 pe-2 text-bg shadow-pop">
      <Icon name={item.tone === "ok" ? "check" : "warning"} />
      <p className="min-w-0 flex-1 wrap-anywhere">{item.text}</p>
      <button
        type="button"
        aria-label={t("common.dismiss")}
        onClick={() => dismiss(item.id)}
        className="grid size-8 place-items-center rounded-md hover:opacity-70"
      >
        <Icon name="close" className="size-4" />
      </button>
    </div>
  );
}
