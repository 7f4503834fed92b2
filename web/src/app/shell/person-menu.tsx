// The person at the foot of the side bar. The menu itself is fetched when somebody reaches for it.
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Avatar } from "@/ui/avatar";
import { Icon } from "@/ui/icon";
import { useMe } from "../me";

const load = () => import("./person-actions");
const PersonActions = lazy(load);

export function PersonMenu() {
  const { t } = useTranslation();
  const { user } = useMe();
  const [wanted, setWanted] = useState(false);
  const trigger = (
    <button
      type="button"
      aria-haspopup="menu"
      onPointerEnter={load}
      onFocus={load}
      onClick={() => setWanted(true)}
      className="flex w-full items-center gap-3 rounded-md p-1.5 text-start transition-colors hover:bg-raised data-[state=open]:bg-raised"
    >
      <Avatar name={user.name} url={user.avatar_url ?? null} />
      <span className="min-w-0 flex-1">
        <bdi className="block truncate font-medium">{user.name}</bdi>
        <span className="block text-xs text-faint">{t(`role.${user.role}`)}</span>
      </span>
      <Icon name="more" className="text-faint" />
    </button>
  );
  if (!wanted) return trigger;
  return (
    <Suspense fallback={trigger}>
      <PersonActions trigger={trigger} />
    </Suspense>
  );
}
