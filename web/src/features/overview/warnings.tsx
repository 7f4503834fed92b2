import { useTranslation } from "react-i18next";
import type { Status } from "@/api/types";
import { Notice } from "@/ui/notice";

export function Warnings({ warnings }: { warnings: Status["warnings"] }) {
  const { t } = useTranslation();
  if (warnings.length === 0) return null;
  return (
    <section aria-label={t("overview.attention")} className="grid gap-3">
      {warnings.map(({ code, detail, next }) => (
        <Notice
          key={code}
          tone="warn"
          title={
            <span dir="auto">
              {t(`warning.${code}.title` as "warning.mail_outbox.title", { defaultValue: detail })}
            </span>
          }
        >
          <span dir="auto">{t(`warning.${code}.next` as "warning.mail_outbox.next", { defaultValue: next })}</span>
        </Notice>
      ))}
    </section>
  );
}
