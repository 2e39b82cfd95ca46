import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../client/ApiContext";

/** A frame's picture as decoded by the browser, its samples untouched by colour management. */
export function usePicture(path: string, clip: string, frame: number, side: "source" | "decoded") {
  const api = useApi();
  const address = `${path}/frames/${encodeURIComponent(clip)}/${frame}/${side}`;
  return useQuery({
    queryKey: [address],
    queryFn: async ({ signal }) =>
      createImageBitmap(await api.getFile(address, signal), { colorSpaceConversion: "none" }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
