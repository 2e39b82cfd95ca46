// Every address under /admin/ that names no file is a page of index.html.
function handler(event) {
  const request = event.request;
  const isPage = request.uri === "/" || request.uri === "/admin" || request.uri.startsWith("/admin/");
  const lastPart = request.uri.slice(request.uri.lastIndexOf("/") + 1);
  if (isPage && !lastPart.includes(".")) {
    request.uri = "/admin/index.html";
  }
  return request;
}
