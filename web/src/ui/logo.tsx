// The name mark: an arch, the door of the council hall, with a person in it.
import { useTranslation } from "react-i18next";
import { cx } from "./cx";

export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={cx("size-7 shrink-0", className)}>
      <rect width="32" height="32" rx="7" fill="#24399f" />
      <path
        d="M7 26V15.2C7 10.6 10.4 8 16 4.8c5.6 3.2 9 5.8 9 10.4V26h-4.2v-9.6c0-2.3-1.7-3.7-4.8-5.6-3.1 1.9-4.8 3.3-4.8 5.6V26z"
        fill="#f4f1e6"
      />
      <circle cx="16" cy="17.6" r="1.9" fill="#e8c170" />
      <path d="M12.8 26c0-2.5 1.3-4.2 3.2-4.2s3.2 1.7 3.2 4.2z" fill="#e8c170" />
    </svg>
  );
}

export function Logo({ className }: { className?: string }) {
  const { t } = useTranslation();
  return (
    <span className={cx("inline-flex items-center gap-2.5 text-lg font-semibold tracking-tight", className)}>
      <Mark />
      {t("common.product")}
    </span>
  );
}
