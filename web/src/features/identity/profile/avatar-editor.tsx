// The picture is cut square and made small in the browser, so any photograph from a phone will do.
import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import { toProblem } from "@/api/problem";
import { useMe, useUserChanged } from "@/app/me";
import { Avatar } from "@/ui/avatar";
import { Button } from "@/ui/button";
import { ProblemNotice } from "@/ui/problem";
import { makeAvatar } from "./make-avatar";

export function AvatarEditor() {
  const { t } = useTranslation();
  const { user } = useMe();
  const changed = useUserChanged();
  const chooser = useRef<HTMLInputElement>(null);
  const upload = useMutation({ mutationFn: (file: File) => putAvatar(file), onSuccess: changed });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/me/avatar")),
    onSuccess: () => changed({ ...user, avatar_url: null }),
  });
  const failure = upload.error ?? remove.error;
  return (
    <div className="grid gap-4">
      <ProblemNotice problem={failure ? toProblem(failure) : null} />
      <div className="flex flex-wrap items-center gap-4">
        <Avatar name={user.name} url={user.avatar_url ?? null} className="size-16 text-lg!" />
        <input
          ref={chooser}
          type="file"
          accept="image/png,image/jpeg,image/webp"
          aria-label={t("profile.general.choose_picture")}
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file) upload.mutate(file);
          }}
        />
        <div className="flex flex-wrap gap-2">
          <Button busy={upload.isPending} onClick={() => chooser.current?.click()}>
            {t("profile.general.choose_picture")}
          </Button>
          {user.avatar_url && (
            <Button look="quiet" busy={remove.isPending} onClick={() => remove.mutate()}>
              {t("profile.general.remove_picture")}
            </Button>
          )}
        </div>
      </div>
    </div>
  );
}

async function putAvatar(file: File) {
  const picture = await makeAvatar(file);
  return unwrap(
    api.PUT("/me/avatar", {
      body: picture,
      // The picture itself travels, not a text about it.
      bodySerializer: (body) => body as Blob,
      headers: { "Content-Type": picture.type },
    }),
  );
}
