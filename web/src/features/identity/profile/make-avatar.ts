import { ProblemError, problemFrom } from "@/api/problem";

const SIDE_PX = 256;
const LIMIT_BYTES = 128 * 1024;

/** A square picture of 256 pixels below the size the server accepts. */
export async function makeAvatar(file: File): Promise<Blob> {
  const image = await createImageBitmap(file).catch(() => {
    throw new ProblemError(problemFrom({ code: "picture_unreadable" }, 0));
  });
  const side = Math.min(image.width, image.height);
  const canvas = document.createElement("canvas");
  canvas.width = SIDE_PX;
  canvas.height = SIDE_PX;
  const [x, y] = [(image.width - side) / 2, (image.height - side) / 2];
  canvas.getContext("2d")?.drawImage(image, x, y, side, side, 0, 0, SIDE_PX, SIDE_PX);
  for (const quality of [0.9, 0.75, 0.5]) {
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/webp", quality));
    if (blob && blob.size <= LIMIT_BYTES) return blob;
  }
  throw new ProblemError(problemFrom({ code: "body_too_large" }, 0));
}
