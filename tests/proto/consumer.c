// A program outside the tree: only the header and the shared library.
#include "proto/pall.h"
#include <stdio.h>

int main(void) {
  Err err = ERR_INIT;
  RpcId id;
  pall_new_id(&id);
  Pall *p = pall_connect("/nonexistent/palld.sock", "consumer", 100, &err);
  printf("%s: %s\n", err_code_name(err.code), err.msg);
  pall_close(p);
  return !p && err.code == ERR_UNAVAILABLE && rpc_method(METHOD_SEND)->waits ? 0 : 1;
}
