import { useTranslation } from "react-i18next";
import { apiBase } from "@/api/client";
import type { AuditSearch } from "@/app/search";
import { Button } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";
import { exportUrl } from "./filters";

/** The download is a plain navigation, so the browser streams it to disk however long the log is. */
export function ExportMenu({ filters }: { filters: AuditSearch }) {
  const { t } = useTranslation();
  const download = (format: "jsonl" | "csv") => location.assign(exportUrl(apiBase, format, filters));
  return (
    <Menu trigger={<Button icon="download">{t("audit.export")}</Button>}>
      <MenuItem onSelect={() => download("jsonl")}>{t("audit.export_jsonl")}</MenuItem>
      <MenuItem onSelect={() => download("csv")}>{t("audit.export_csv")}</MenuItem>
    </Menu>
  );
}
