// A control socket under test: raw bytes at one end of a socket pair, a host that does what the test says
// at the other.
#pragma once
#include "daemon/ctl/ctl.h"
#include "proto/rpc.h"

// --- the host --------------------------------------------------------------------------------------
enum { HELD_MAX = 512 };
typedef struct Rig {
  Loop *loop;
  Ctl *ctl;
  CtlCall *held[HELD_MAX]; // `send`, `spawn` and `trace` wait here for the test
  size_t held_count;
  size_t cancelled;
  RpcRole role; // of whoever connects
} Rig;

void rig_start(Rig *r, CtlConfig cfg);
void rig_stop(Rig *r);        // asserts that all is accounted for
void rig_turn(Rig *r, int n); // rounds of the loop

void rig_hold(Rig *r, CtlCall *call);
void rig_cancel(Rig *r, CtlCall *call); // of one that waits: fails it; of others: nothing

// --- the client ------------------------------------------------------------------------------------
typedef struct Client {
  int fd;
  FrameReader reader;
  RpcMessage msg; // the one that client_get got, last
  uint8_t *frame;
} Client;

Client client_new(Rig *r);
Client client_greeted(Rig *r);
Client client_connect(const char *path);
void client_greet(Rig *r, Client *c);
void client_free(Client *c);

// Writes all, letting the server read meanwhile; false when it does not read any more.
bool client_put(Rig *r, Client *c, const void *data, size_t n);
bool client_ask(Rig *r, Client *c, uint32_t id, RpcMethod m, const void *args);
RpcSendArgs a_send(void);
bool client_send(Rig *r, Client *c, uint32_t id); // asks for a_send

typedef enum Got { GOT_MESSAGE, GOT_END, GOT_NOTHING } Got;
Got client_get(Rig *r, Client *c);
void expect_done(Rig *r, Client *c, uint32_t id);
void expect_error(Rig *r, Client *c, uint32_t id, ErrCode code);
