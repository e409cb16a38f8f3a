/*
 * What the C programs share. Each reads one case a line from standard input:
 * role (client or server), port, host name, file of the roots, file of its own
 * chain, file of its own key, divided by tabs and empty where there is none;
 * connects to that port of 127.0.0.1, shakes hands in its role, and answers
 * one line: "accepted", or "refused: " and the stack's own words. The first
 * line of all is the stack's name and version.
 *
 * The server's role connects as well: the test listens and speaks as client,
 * so that no port has to be agreed on.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct test_case {
  int is_server;
  int port;
  const char *host;
  const char *roots;
  const char *chain;
  const char *key;
};

/* Where the reason for a refusal is written; empty means accepted. */
static char reason[4096];

/* Adds to the reason and answers 0, so that a step can end with it. */
static int refuse(const char *format, ...) {
  size_t used = strlen(reason);
  va_list arguments;
  va_start(arguments, format);
  if (used > 0 && used + 2 < sizeof reason) {
    strcpy(reason + used, "; ");
    used += 2;
  }
  vsnprintf(reason + used, sizeof reason - used, format, arguments);
  va_end(arguments);
  return 0;
}

/* A connected socket, or -1 with the reason written. */
static int connect_to(int port) {
  struct sockaddr_in address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval limit = {10, 0};
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    close(fd);
    refuse("no connection to port %d", port);
    return -1;
  }
  return fd;
}

/*
 * Ends a connection once the other side has ended it as well: closed at once
 * with something unread, it would be reset, and what was just sent be lost.
 */
static void hang_up(int fd) {
  char rest[4096];
  shutdown(fd, SHUT_WR);
  while (read(fd, rest, sizeof rest) > 0) {
  }
  close(fd);
}

/* Reads a PEM file as a string; NULL with the reason written. */
__attribute__((unused)) static char *read_text(const char *file) {
  static char text[65536];
  FILE *stream = fopen(file, "r");
  size_t length;
  if (stream == NULL) {
    refuse("cannot read %s", file);
    return NULL;
  }
  length = fread(text, 1, sizeof text - 1, stream);
  text[length] = 0;
  fclose(stream);
  return text;
}

/* Judges every case of standard input. */
static int judge_all(const char *version, void (*judge)(struct test_case *)) {
  static char line[16384];
  signal(SIGPIPE, SIG_IGN);
  printf("%s\n", version);
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    char *fields[6] = {"", "", "", "", "", ""};
    char *rest = line;
    int index;
    char *mark;
    struct test_case one;
    line[strcspn(line, "\n")] = 0;
    for (index = 0; index < 6 && rest != NULL; index++) {
      fields[index] = strsep(&rest, "\t");
    }
    one.is_server = strcmp(fields[0], "server") == 0;
    one.port = atoi(fields[1]);
    one.host = fields[2];
    one.roots = fields[3];
    one.chain = fields[4];
    one.key = fields[5];
    reason[0] = 0;
    judge(&one);
    for (mark = reason; *mark != 0; mark++) {
      if (*mark == '\n' || *mark == '\r') {
        *mark = ' ';
      }
    }
    printf(reason[0] == 0 ? "accepted\n" : "refused: %s\n", reason);
    fflush(stdout);
  }
  return 0;
}
