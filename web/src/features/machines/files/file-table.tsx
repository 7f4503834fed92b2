import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { MouseEvent } from "react";
import { useTranslation } from "react-i18next";
import type { MachineFile } from "@/api/types";
import { useFormat } from "@/i18n/format";
import { downloadBlob, downloadUrl } from "@/ui/download";
import { Icon, type IconName } from "@/ui/icon";
import { useProblemText } from "@/ui/problem";
import { type Column, Table } from "@/ui/table";
import { Ago } from "@/ui/time";
import { toast } from "@/ui/toast";
import { contentUrl, readSmallFile } from "./access";
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

interface NameProps {
  machine: string;
  place: Place;
  file: MachineFile;
}

const look = "block min-w-0 truncate rounded-sm font-mono text-sm after:absolute after:inset-0 hover:underline";

function Name({ machine, place, file }: NameProps) {
  const { root, path } = below(place, file.name);
  return (
    <span className="flex items-center gap-2.5 pointer-coarse:min-h-8">
      <Icon name={icons[file.kind]} className={file.kind === "directory" ? "text-accent" : "text-faint"} />
      {file.kind === "directory" ? (
        <Link to="." search={{ root, path }} dir="auto" className={`${look} font-medium`}>
          {file.name}
        </Link>
      ) : file.kind === "file" ? (
        <Download machine={machine} place={place} file={file} />
      ) : (
        <bdi className="block min-w-0 truncate font-mono text-sm text-muted">
          <bdi>{file.name}</bdi>
          {file.target && (
            <>
              {" → "}
              <bdi>{file.target}</bdi>
            </>
          )}
        </bdi>
      )}
    </span>
  );
}

/** A browser that saves what a link leads to says nothing of what is refused, so the file is asked for here first. */
function Download({ machine, place, file }: NameProps) {
  const { t } = useTranslation();
  const told = useProblemText();
  const at = below(place, file.name);
  const url = contentUrl(machine, at);
  const download = useMutation({
    mutationFn: () => readSmallFile(machine, at),
    onSuccess: (all) => (all ? downloadBlob(file.name, all) : downloadUrl(file.name, url)),
    onError: (error) =>
      toast(t("files.not_downloaded", { name: `\u2068${file.name}\u2069`, reason: told(error) }), "danger"),
  });

  function onClick(event: MouseEvent) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (!download.isPending) download.mutate();
  }

  return (
    <a
      href={url}
      download={file.name}
      title={t("files.download", { name: file.name })}
      aria-busy={download.isPending}
      onClick={onClick}
      dir="auto"
      className={look}
    >
      {file.name}
    </a>
  );
}
