import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { MachineCertificate } from "@/api/types";
import { Badge, type Tone } from "@/ui/badge";
import { ListState } from "@/ui/list-state";
import { Section } from "@/ui/page";
import { type Column, Table } from "@/ui/table";
import { Moment } from "@/ui/time";
import { certificatesQuery } from "../queries";
import { FleetKeys } from "./fleet-keys";
import { useMachine } from "./use-machine";

export default function Certificates() {
  const { t } = useTranslation();
  const machine = useMachine();
  const certificates = useQuery(certificatesQuery(machine.id));
  return (
    <>
      <FleetKeys />
      <Section title={t("machines.certificates.title")} lead={t("machines.certificates.lead")}>
        <div className="-mx-5 -mb-5 border-t border-line">
          <ListState
            query={certificates}
            rows={2}
            empty={<p className="p-5 text-muted">{t("machines.certificates.empty")}</p>}
          >
            {(items) => <CertificateTable certificates={items} isRevoked={machine.state === "revoked"} />}
          </ListState>
        </div>
      </Section>
    </>
  );
}

const tones = { valid: "ok", ended: "plain", void: "danger", superseded: "plain" } satisfies Record<string, Tone>;

interface CertificateTableProps {
  certificates: MachineCertificate[];
  isRevoked: boolean;
}

function CertificateTable({ certificates, isRevoked }: CertificateTableProps) {
  const { t } = useTranslation();
  const stateOf = (one: MachineCertificate): keyof typeof tones => {
    if (one.voided_at || isRevoked) return "void";
    if (new Date(one.ends_at).getTime() < Date.now()) return "ended";
    return one === certificates[0] ? "valid" : "superseded";
  };
  const columns: Column<MachineCertificate>[] = [
    {
      key: "serial",
      grows: true,
      heading: t("machines.certificates.serial"),
      cell: (one) => (
        <>
          <bdi dir="ltr" className="block truncate font-mono text-sm">
            {one.serial}
          </bdi>
          <span className="flex gap-1.5 text-xs text-faint">
            <span className="shrink-0">{t("machines.certificates.key")}</span>
            <bdi dir="ltr" className="min-w-0 truncate font-mono">
              {one.key}
            </bdi>
          </span>
        </>
      ),
    },
    {
      key: "state",
      heading: t("machines.state"),
      cell: (one) => <Badge tone={tones[stateOf(one)]}>{t(`machines.certificates.state_${stateOf(one)}`)}</Badge>,
    },
    {
      key: "issued",
      heading: t("machines.certificates.issued"),
      wideOnly: true,
      className: "text-sm text-muted",
      cell: (one) => <Moment at={one.issued_at} />,
    },
    {
      key: "ends",
      heading: t("machines.certificates.ends"),
      className: "text-sm text-muted",
      cell: (one) => (
        <>
          <span className="md:hidden">{t("machines.certificates.ends")}: </span>
          <Moment at={one.ends_at} />
        </>
      ),
    },
  ];
  return (
    <Table
      caption={t("machines.certificates.title")}
      columns={columns}
      rows={certificates}
      rowKey={(one) => one.serial}
    />
  );
}
