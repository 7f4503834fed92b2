import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { MachineFile } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { Icon, type IconName } from "@/ui/icon";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { contentUrl } from "./access";
import { below, modeText, type Place } from "./place";

const icons: Record<MachineFile["kind"], IconName> = { directory: "folder", file: "file", link: "link", other: "info" };

interface FileTableProps {
  machine: string;
  place: Place;
  files: MachineFile[];
}

export function FileTable({ machine, place, files }: FileTableProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const columns: Column<MachineFile>[] = [
    {
      key: "name",
      grows: true,
      heading: t("files.name"),
      cell: (file) => <Name machine={machine} place={place} file={file} />,
    },
    {
      key: "size",
      heading: t("files.size"),
      className: "text-sm text-muted tabular-nums",
      cell: (file) => (file.kind === "file" ? format.bytes(file.size_bytes) : t(`files.kind.${file.kind}`)),
    },
    {
      key: "changed",
      heading: t("files.changed"),
      className: "text-sm text-muted",
      cell: (file) => <Ago at={file.modified_at} />,
    },
    {
      key: "mode",
      heading: t("files.mode"),
      wideOnly: true,
      className: "text-sm text-muted",
      cell: (file) => (
        <bdi dir="ltr" className="font-mono text-xs">
          {modeText(file.mode)}
        </bdi>
      ),
    },
  ];
  return <Table caption={t("files.title")} columns={columns} rows={files} rowKey={(file) => file.name} />;
}

function Name({ machine, place, file }: { machine: string; place: Place; file: MachineFile }) {
  const { t } = useTranslation();
  const { root, path } = below(place, file.name);
  const look = "block min-w-0 truncate rounded-sm font-mono text-sm after:absolute after:inset-0 hover:underline";
  return (
    <span className="flex items-center gap-2.5 pointer-coarse:min-h-8">
      <Icon name={icons[file.kind]} className={file.kind === "directory" ? "text-accent" : "text-faint"} />
      {file.kind === "directory" ? (
        <Link to="." search={{ root, path }} dir="auto" className={`${look} font-medium`}>
          {file.name}
        </Link>
      ) : file.kind === "file" ? (
        <a
          href={contentUrl(machine, { root, path })}
          download={file.name}
          title={t("files.download", { name: file.name })}
          dir="auto"
          className={look}
        >
          {file.name}
        </a>
      ) : (
        <bdi dir="ltr" className="block min-w-0 truncate font-mono text-sm text-muted">
          {file.name}
          {file.target && ` → ${file.target}`}
        </bdi>
      )}
    </span>
  );
}
