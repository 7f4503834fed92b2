import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { User } from "@/api/types";
import { useCan, useMe } from "@/app/me";
import { useFormat } from "@/i18n/format";
import { Avatar } from "@/ui/avatar";
import { CopyButton } from "@/ui/copy-button";
import { Dialog } from "@/ui/dialog";
import { ErrorState } from "@/ui/problem";
import { SkeletonRows } from "@/ui/states";
import { PersonAccess } from "./person-access";
import { PersonDanger } from "./person-danger";
import { PersonSecondFactor } from "./person-second-factor";
import { PersonSessions } from "./person-sessions";

export function PersonSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const mayManage = useCan("users.manage");
  const self = useMe().user.id === id;
  const person = useQuery({
    queryKey: ["users", "one", id],
    queryFn: ({ signal }) => unwrap(api.GET("/users/{id}", { params: { path: { id } }, signal })),
  });
  return (
    <Dialog sheet open onClose={onClose} title={<bdi>{person.data?.name ?? t("people.person")}</bdi>}>
      {person.isPending && <SkeletonRows rows={4} />}
      {person.isError && <ErrorState error={person.error} retry={() => void person.refetch()} />}
      {person.data && (
        <div className="grid gap-7">
          <Facts person={person.data} />
          {mayManage && <PersonAccess key={person.data.role + person.data.plan} person={person.data} />}
          {mayManage && <PersonSessions id={id} />}
          {mayManage && !self && <PersonSecondFactor person={person.data} />}
          {mayManage && !self && <PersonDanger person={person.data} onGone={onClose} />}
        </div>
      )}
    </Dialog>
  );
}

function Facts({ person }: { person: User }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className="flex gap-4">
      <Avatar name={person.name} url={person.avatar_url ?? null} className="size-14 text-base!" />
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-1">
          <bdi dir="ltr" className="truncate">
            {person.email}
          </bdi>
          <CopyButton text={person.email} />
        </p>
        <p className="text-sm text-faint">{t("people.joined", { day: format.day(person.created_at) })}</p>
        <p className="text-sm text-faint">
          {person.two_factor ? t("people.two_factor_yes") : t("people.two_factor_no")}
        </p>
      </div>
    </div>
  );
}
