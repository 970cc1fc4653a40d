/* A server that uses memory which it has given back, adds without looking, and forgets what it made, for the tests of
 * sanitizers. Its arguments are the port and, for a sum that is right, `fixed`; or `forget`, to forget something and end. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *note;

static void drop_note(void) { free(note); }

static size_t show_note(void) { return note[0] == 'a' ? 1 : 2; }

static int is_fixed;

static void forget(void) {
  for (int index = 0; index < 50; index++) {
    char *volatile made = malloc(100);
    strcpy(made, "x");
    made = NULL;
  }
}

/* A sanitizer looks for what is forgotten when a program ends by itself. */
static void leave(int signal) { exit(signal == SIGTERM ? 0 : 1); }

static void add(const char *number) {
  int term = (int)strtol(number, NULL, 10);
  if (is_fixed) {
    fprintf(stderr, "sum %lld\n", (long long)term + 1);
    return;
  }
  forget();
  int sum = term + 1;
  fprintf(stderr, "sum %d\n", sum);
}

static void handle(const char *request) {
  if (strncmp(request, "GET /sum?term=", 14) == 0) add(request + 14);
  if (strncmp(request, "GET /notes", 10) != 0) return;
  note = malloc(16);
  strcpy(note, "a note");
  if (strstr(request, "order=dropped")) drop_note();
  size_t length = show_note();
  if (!strstr(request, "order=dropped")) drop_note();
  fprintf(stderr, "length %zu\n", length);
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  if (strcmp(arguments[1], "forget") == 0) {
    forget();
    return 0;
  }
  is_fixed = count > 2;
  signal(SIGTERM, leave);
  signal(SIGPIPE, SIG_IGN);
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[1]))};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0) return 3;
  for (;;) {
    int stream = accept(listener, NULL, NULL);
    if (stream < 0) continue;
    char request[8192];
    size_t length = 0;
    ssize_t got;
    request[0] = 0;
    while (length < sizeof request - 1 && !strstr(request, "\r\n\r\n") &&
           (got = read(stream, request + length, sizeof request - 1 - length)) > 0) {
      length += (size_t)got;
      request[length] = 0;
    }
    if (length > 0) {
      handle(request);
      const char *answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
      if (write(stream, answer, strlen(answer)) < 0) perror("write");
    }
    close(stream);
  }
}
