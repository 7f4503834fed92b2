import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Secret, SecretVersion } from "@/api/types";
import { useCan } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { Badge, type Tone } from "@/ui/badge";
import { IconButton } from "@/ui/button";
import { ListState } from "@/ui/list-state";
import { Menu, MenuItem } from "@/ui/menu";
import { Section } from "@/ui/page";
import { Ago, Moment } from "@/ui/time";
import { versionsQuery } from "../queries";
import { usePersonName } from "../use-vault";
import { RevealDialog } from "./reveal-dialog";
import { Destroy, RollBack } from "./version-changes";

const tones: Record<SecretVersion["state"], Tone> = {
  current: "ok",
  overlapping: "accent",
  superseded: "plain",
  destroyed: "danger",
};

export function Versions({ secret }: { secret: Secret }) {
  const { t } = useTranslation();
  const versions = useQuery(versionsQuery(secret.id));
  return (
    <Section title={t("vault.versions.title")} lead={t("vault.versions.lead")}>
      <div className="-mx-5 -mb-5 border-t border-line">
        <ListState query={versions} rows={2} empty={null}>
          {(items) => (
            <ul className="divide-y divide-line">
              {items.map((version) => (
                <VersionLine key={version.version} secret={secret} version={version} />
              ))}
            </ul>
          )}
        </ListState>
      </div>
    </Section>
  );
}

function VersionLine({ secret, version }: { secret: Secret; version: SecretVersion }) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = usePersonName();
  const n = format.number(version.version);
  return (
    <li className="flex min-h-15 items-center gap-4 px-5 py-3">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="font-medium">{t("vault.version_n", { n })}</span>
          <Badge tone={tones[version.state]}>{t(`vault.versions.state_${version.state}`)}</Badge>
        </p>
        <p className="mt-0.5 text-sm text-muted">
          {t(`vault.versions.origin_${version.origin}`)} · <Ago at={version.created_at} />
          {version.created_by && (
            <>
              {" "}
              · <bdi>{nameOf(version.created_by) ?? version.created_by}</bdi>
            </>
          )}
          {version.state === "overlapping" && version.valid_until && (
            <>
              {" "}
              · {t("vault.versions.until")} <Moment at={version.valid_until} />
            </>
          )}
        </p>
      </div>
      {version.state !== "destroyed" && version.state !== "current" && (
        <VersionMenu secret={secret} version={version.version} n={n} />
      )}
    </li>
  );
}

function VersionMenu({ secret, version, n }: { secret: Secret; version: number; n: string }) {
  const { t } = useTranslation();
  const mayUse = useCan("secrets.use");
  const [asking, setAsking] = useState<"reveal" | "roll_back" | "destroy" | null>(null);
  const close = () => setAsking(null);
  const mayRead = mayUse && secret.may.includes("read");
  const mayWrite = mayUse && secret.may.includes("write");
  if (!mayRead && !mayWrite) return null;
  return (
    <>
      <Menu trigger={<IconButton icon="more" label={t("vault.versions.more", { n })} />}>
        {mayRead && (
          <MenuItem icon="eye" onSelect={() => setAsking("reveal")}>
            {t("vault.reveal.action")}
          </MenuItem>
        )}
        {mayWrite && (
          <MenuItem icon="refresh" onSelect={() => setAsking("roll_back")}>
            {t("vault.versions.roll_back")}
          </MenuItem>
        )}
        {mayWrite && (
          <MenuItem icon="trash" danger onSelect={() => setAsking("destroy")}>
            {t("vault.versions.destroy")}
          </MenuItem>
        )}
      </Menu>
      {asking === "reveal" && <RevealDialog secret={secret} version={version} onClose={close} />}
      {asking === "roll_back" && <RollBack id={secret.id} version={version} onClose={close} />}
      {asking === "destroy" && <Destroy id={secret.id} version={version} onClose={close} />}
    </>
  );
}
