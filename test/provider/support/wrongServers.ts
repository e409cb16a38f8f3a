import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import type { Server } from "node:net";
import { createServer as createHttpServer } from "node:http";

/** Servers that are no Kubernetes API, each on a port of its own. */
export class WrongServers {
  private readonly servers: Server[] = [];

  /** Takes connections, and never answers. */
  silent(): Promise<string> {
    return this.listen(
      createTcpServer((socket) => socket.on("error", () => undefined)),
      "https",
    );
  }

  /** Answers every path with a page, as a proxy before a login does. */
  page(status: number): Promise<string> {
    return this.listen(
      createHttpServer((_request, response) => {
        response.writeHead(status, { "content-type": "text/html" });
        response.end("<html>log in</html>");
      }),
      "http",
    );
  }

  /** Answers JSON of its own. */
  json(body: object): Promise<string> {
    return this.listen(
      createHttpServer((_request, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify(body));
      }),
      "http",
    );
  }

  /** A port on which nobody listens. */
  async closed(): Promise<string> {
    const url = await this.listen(createTcpServer(), "https");
    const server = this.servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    return url;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.servers.map(
        (server) =>
          new Promise((resolve) => {
            if ("closeAllConnections" in server) {
              (server as { closeAllConnections(): void }).closeAllConnections();
            }
            server.close(resolve);
            server.unref();
            setTimeout(resolve, 500).unref();
          }),
      ),
    );
  }

  private async listen(server: Server, protocol: string): Promise<string> {
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    this.servers.push(server);
    const { port } = server.address() as AddressInfo;
    return `${protocol}://127.0.0.1:${port}`;
  }
}
