import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { pagedQuery } from "@/api/queries";
import type { Invitation } from "@/api/types";
import { useCan } from "@/app/me";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/confirm";
import { ListState } from "@/ui/list-state";
import { LoadMore } from "@/ui/load-more";
import { Card, Page } from "@/ui/page";
import { NoPermission, useProblemText } from "@/ui/problem";
import { EmptyState } from "@/ui/states";
import { toast } from "@/ui/toast";
import { type Delivery, DeliveryDialog } from "./delivery-dialog";
import { InvitationTable } from "./invitation-table";
import { InviteDialog } from "./invite-dialog";
import { PeopleTabs } from "./tabs";

const route = getRouteApi("/signed-in/shell/people/invitations");

const invitationsQuery = pagedQuery(["invitations"], (cursor, signal) =>
  unwrap(api.GET("/invitations", { params: { query: { cursor } }, signal })),
);

export default function InvitationsPage() {
  const { t } = useTranslation();
  const mayInvite = useCan("invitations.manage");
  const navigate = useNavigate({ from: "/people/invitations" });
  const open = () => void navigate({ search: { invite: true } });
  const actions = mayInvite && (
    <Button look="primary" icon="plus" onClick={open}>
      {t("people.invite.action")}
    </Button>
  );
  return (
    <Page
      title={t("places.people")}
      tab={t("people.tabs.invitations")}
      lead={t("people.lead")}
      actions={actions}
      tabs={<PeopleTabs />}
    >
      {mayInvite ? <Invitations /> : <NoPermission />}
    </Page>
  );
}

function Invitations() {
  const { t } = useTranslation();
  const { invite } = route.useSearch();
  const navigate = useNavigate({ from: "/people/invitations" });
  const queries = useQueryClient();
  const text = useProblemText();
  const invitations = useInfiniteQuery(invitationsQuery);
  const [delivery, setDelivery] = useState<Delivery | null>(null);
  const [revoking, setRevoking] = useState<Invitation | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: ["invitations"] });
  const closeForm = () => void navigate({ search: {}, replace: true });

  async function resend({ id }: Invitation) {
    try {
      setDelivery(await unwrap(api.POST("/invitations/{id}/resend", { params: { path: { id } } })));
      await refresh();
    } catch (error) {
      toast(text(error), "danger");
    }
  }

  return (
    <Card>
      <ListState
        query={invitations}
        empty={
          <EmptyState icon="mail" title={t("people.invite.empty")}>
            {t("people.invite.empty_text")}
          </EmptyState>
        }
      >
        {(items) => <InvitationTable invitations={items} onResend={resend} onRevoke={setRevoking} />}
      </ListState>
      <LoadMore query={invitations} />
      {invite && (
        <InviteDialog
          onClose={closeForm}
          onInvited={(made) => {
            closeForm();
            setDelivery(made);
            void refresh();
          }}
        />
      )}
      {delivery && <DeliveryDialog delivery={delivery} onClose={() => setDelivery(null)} />}
      {revoking && (
        <Confirm
          title={t("people.invite.revoke_title", { email: revoking.email })}
          action={t("people.invite.revoke")}
          run={async () => {
            await unwrap(api.DELETE("/invitations/{id}", { params: { path: { id: revoking.id } } }));
            await refresh();
          }}
          onClose={() => setRevoking(null)}
        >
          {t("people.invite.revoke_text")}
        </Confirm>
      )}
    </Card>
  );
}
