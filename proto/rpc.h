// Messages: [0, id, method, params], [1, id, error, result], [2, method, params].
// Encoding appends to a Buf and cannot fail; parsing refuses whatever is not exactly one message.
#pragma once
#include "proto/frame.h"
#include "proto/methods.h"

typedef enum RpcType { RPC_REQUEST = 0, RPC_RESPONSE = 1, RPC_NOTIFY = 2 } RpcType;

typedef struct RpcMessage {
  RpcType type;
  uint32_t id;           // request, response
  RpcText method;        // request, notification
  bool failed;           // response: `params` is the error
  msgpack_object params; // parameters, or the result, or the error
  msgpack_zone zone;
} RpcMessage;

// `data` must be a frame that a FrameReader passed, and must outlive the message.
// ERR_DATA when it is no message. On false there is nothing to free.
bool rpc_parse(RpcMessage *m, const uint8_t *data, size_t len, Err *err);
void rpc_message_free(RpcMessage *m); // accepts a zeroed message

// The error that a failed response carries. A code that this side does not know becomes ERR_INTERNAL.
void rpc_response_error(const RpcMessage *m, Err *out);

void rpc_put_request(Buf *out, uint32_t id, RpcMethod method, const void *args);
void rpc_put_result(Buf *out, uint32_t id, RpcMethod method, const void *result);
void rpc_put_error(Buf *out, uint32_t id, const Err *err);
void rpc_put_note(Buf *out, RpcNote note, const void *args);
