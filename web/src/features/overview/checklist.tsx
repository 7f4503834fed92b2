// The few steps that make a new installation safe and shared; gone once all are done.
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Status } from "@/api/types";
import { useCan, useMe } from "@/app/me";
import { cx } from "@/ui/cx";
import { Icon } from "@/ui/icon";
import { Card } from "@/ui/page";

interface ChecklistProps {
  mail: Status["mail"] | undefined;
  people: number | undefined;
}

export function Checklist({ mail, people }: ChecklistProps) {
  const { t } = useTranslation();
  const me = useMe();
  const mayInvite = useCan("invitations.manage");
  const maySetUp = useCan("mail.outbox");
  const steps = [
    { name: "second_factor", to: "/profile/security", done: me.totp_enabled },
    { name: "passkey", to: "/profile/security", done: me.passkey_count > 0 },
    ...(mayInvite ? [{ name: "invite", to: "/people/invitations", done: (people ?? 1) > 1 } as const] : []),
    ...(maySetUp ? [{ name: "mail", to: "/settings", done: mail === "smtp" } as const] : []),
  ] as const;
  const left = steps.filter((step) => !step.done).length;
  if (left === 0) return null;
  return (
    <Card>
      <header className="border-b border-line px-5 py-3.5">
        <h2 className="font-semibold">{t("overview.start.title")}</h2>
        <p className="text-sm text-faint">{t("overview.start.left", { count: left })}</p>
      </header>
      <ul className="divide-y divide-line">
        {steps.map((step) => (
          <li key={step.name}>
            <Link to={step.to} className="flex items-start gap-3 px-5 py-3 outline-offset-[-2px] hover:bg-raised/60">
              <span
                className={cx(
                  "mt-0.5 grid size-5 shrink-0 place-items-center rounded-full border",
                  step.done ? "border-ok bg-ok-soft text-ok" : "border-edge text-transparent",
                )}
              >
                <Icon name="check" className="size-3.5" />
              </span>
              <span>
                <span className={cx("block", step.done ? "text-faint line-through" : "font-medium")}>
                  {t(`overview.start.${step.name}`)}
                  {step.done && <span className="sr-only"> — {t("common.done")}</span>}
                </span>
                {!step.done && <span className="block text-sm text-faint">{t(`overview.start.${step.name}_why`)}</span>}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
