import { useTranslation } from "react-i18next";
import { Badge, type Tone } from "@/ui/badge";
import { Icon, type IconName } from "@/ui/icon";
import type { LinkState } from "./link";

const looks: Record<LinkState, [Tone, IconName]> = {
  connecting: ["plain", "clock"],
  open: ["ok", "check"],
  lost: ["warn", "warning"],
  over: ["plain", "stop"],
  broken: ["danger", "warning"],
};

/** How the connection to a terminal is. */
export function SessionState({ state }: { state: LinkState }) {
  const { t } = useTranslation();
  const [tone, icon] = looks[state];
  return (
    <Badge tone={tone}>
      <Icon name={icon} className="size-3.5" />
      {t(`terminals.state_${state}`)}
    </Badge>
  );
}
