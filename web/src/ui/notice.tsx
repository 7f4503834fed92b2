import type { ReactNode } from "react";
import { cx } from "./cx";
import { Icon, type IconName } from "./icon";

type Tone = "info" | "ok" | "warn" | "danger";

const tones: Record<Tone, [string, IconName]> = {
  info: ["bg-accent-soft text-ink [&>svg]:text-accent", "info"],
  ok: ["bg-ok-soft text-ink [&>svg]:text-ok", "check"],
  warn: ["bg-warn-soft text-ink [&>svg]:text-warn", "warning"],
  danger: ["bg-danger-soft text-ink [&>svg]:text-danger", "warning"],
};

interface NoticeProps {
  tone?: Tone;
  title?: ReactNode;
  /** Announces the notice when it appears. */
  live?: boolean;
  className?: string;
  children?: ReactNode;
}

export function Notice({ tone = "info", title, live, className, children }: NoticeProps) {
  const [look, icon] = tones[tone];
  const role = live ? (tone === "danger" ? "alert" : "status") : undefined;
  return (
    <div role={role} className={cx("flex gap-3 rounded-md px-3.5 py-3", look, className)}>
      <Icon name={icon} className="mt-0.5" />
      <div className="min-w-0 flex-1">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className="text-muted">{children}</div>}
      </div>
    </div>
  );
}
