import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Icon } from "@/ui/icon";

export function BackToSchedules() {
  const { t } = useTranslation();
  return (
    <Link
      to="/jobs/schedules"
      className="inline-flex min-h-7 items-center gap-1 rounded-sm text-sm text-muted hover:text-ink pointer-coarse:min-h-10"
    >
      <Icon name="chevron" className="size-4 rotate-180 rtl:rotate-180" />
      {t("schedules.back")}
    </Link>
  );
}
