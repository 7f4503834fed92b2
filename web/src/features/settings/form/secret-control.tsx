// A secret is never shown: only where it is kept, and how to give it another.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { useCan } from "@/app/me";
import { Button } from "@/ui/button";
import { Icon, type IconName } from "@/ui/icon";
import { useComplaint, useEditing } from "../editing";
import { keyOf, shownValue } from "../model/edits";
import { settingOf } from "../model/faults";
import { DOTS, VAULT } from "../model/schema";
import { proposedName } from "../model/secret-name";
import { useSettingTexts } from "../words";
import { ComplaintText } from "./complaint";
import type { ControlProps } from "./control";
import { Group } from "./group";
import { MoveDialog } from "./move-dialog";
import { Prose } from "./prose";
import { useIsSealed } from "./sealed";
import { SecretDialog } from "./secret-dialog";

export function SecretControl({ schema, path, value, disabled, onChange, isTop }: ControlProps) {
  const { t } = useTranslation();
  const texts = useSettingTexts();
  const complaint = useComplaint(path);
  const { settings, edits } = useEditing();
  const [asking, setAsking] = useState<"choose" | "move" | null>(null);
  const close = () => setAsking(null);
  const text = typeof value === "string" ? value : "";
  const plain = text === DOTS ? settings.plain_secrets.find((one) => one.key === path) : undefined;
  const item = settings.items.find((one) => keyOf(one) === settingOf(path));
  const name = plain?.name ?? proposedName(path, item && shownValue(item, edits));
  return (
    <Group
      label={texts.name(path)}
      hideLabel={isTop}
      hint={!isTop && <Prose text={texts.about(path, schema.description)} />}
      error={complaint && <ComplaintText complaint={complaint} />}
    >
      <div className="grid gap-3 rounded-md border border-line bg-raised/40 px-3.5 py-3">
        <Whereabouts text={text} line={plain?.line} />
        {!disabled && (
          <div className="flex flex-wrap gap-2">
            {plain && (
              <Button size="sm" look="primary" icon="lock" onClick={() => setAsking("move")}>
                {t("settings.secret.move")}
              </Button>
            )}
            <Button size="sm" icon={text ? "refresh" : "key"} onClick={() => setAsking("choose")}>
              {t(text ? "settings.secret.another" : "settings.secret.set")}
            </Button>
            {text && !isTop && (
              <Button size="sm" look="quiet" onClick={() => onChange("")}>
                {t("settings.secret.remove")}
              </Button>
            )}
          </div>
        )}
      </div>
      {asking === "choose" && <SecretDialog title={texts.name(path)} name={name} onChosen={onChange} onClose={close} />}
      {asking === "move" && plain && <MoveDialog secret={plain} onClose={close} />}
    </Group>
  );
}

function Whereabouts({ text, line }: { text: string; line: number | null | undefined }) {
  const { t } = useTranslation();
  if (text.startsWith(VAULT)) return <InVault name={text.slice(VAULT.length)} />;
  if (text === "") return <State icon="key">{t("settings.secret.empty")}</State>;
  return (
    <State icon="warning" isWarning={line !== undefined}>
      {line ? t("settings.secret.plain_line", { line }) : t("settings.secret.plain")}
    </State>
  );
}

function InVault({ name }: { name: string }) {
  const { t } = useTranslation();
  const mayRead = useCan("secrets.read");
  const mayManage = useCan("secrets.manage");
  const isSealed = useIsSealed();
  const found = useQuery({
    queryKey: ["secrets", "named", name],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/secrets", { params: { query: { name } }, signal }))).items,
    enabled: mayRead,
  });
  const secret = found.data?.[0];
  const code = (
    <bdi dir="ltr" className="font-mono text-sm font-medium break-all">
      {name}
    </bdi>
  );
  return (
    <div className="grid gap-1.5">
      <State icon="lock">
        {t("settings.secret.kept_as")}{" "}
        {secret ? (
          <Link to="/secrets/$id" params={{ id: secret.id }} className="text-accent underline underline-offset-2">
            {code}
          </Link>
        ) : (
          code
        )}
      </State>
      {mayManage && found.data?.length === 0 && (
        <State icon="warning" isWarning>
          {t("settings.secret.missing")}
        </State>
      )}
      {isSealed && (
        <State icon="warning" isWarning>
          {t("settings.secret.sealed")}
        </State>
      )}
    </div>
  );
}

interface StateProps {
  icon: IconName;
  isWarning?: boolean;
  children: ReactNode;
}

function State({ icon, isWarning, children }: StateProps) {
  return (
    <p className={isWarning ? "flex gap-2 text-warn" : "flex gap-2 text-muted"}>
      <Icon name={icon} className="mt-0.5 size-4" />
      <span className="min-w-0">{children}</span>
    </p>
  );
}
