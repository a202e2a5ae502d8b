(* Reads JSON text and prints what was read; the length of that. Strings stay as they are written. *)
module Texts = Map.Make (String)

type json =
  | Null
  | Bool of bool
  | Number of int
  | Text of string
  | Array of json list
  | Object of json Texts.t

let rec skip s i = match s.[i] with ' ' | '\n' | '\t' | '\r' -> skip s (i + 1) | _ -> i

let rec string_end s i = match s.[i] with '"' -> i | '\\' -> string_end s (i + 2) | _ -> string_end s (i + 1)

let raw s i =
  let last = string_end s i in
  (String.sub s i (last - i), last + 1)

let rec number s i n =
  if i < String.length s && s.[i] >= '0' && s.[i] <= '9' then number s (i + 1) ((n * 10) + Char.code s.[i] - 48)
  else (Number n, i)

let rec value s i =
  let i = skip s i in
  match s.[i] with
  | '"' ->
    let text, i = raw s (i + 1) in
    (Text text, i)
  | '[' -> array s (skip s (i + 1)) []
  | '{' -> fields s (skip s (i + 1)) Texts.empty
  | 'n' -> (Null, i + 4)
  | 't' -> (Bool true, i + 4)
  | 'f' -> (Bool false, i + 5)
  | _ -> number s i 0

and array s i items =
  match s.[i] with
  | ']' -> (Array (List.rev items), i + 1)
  | ',' -> array s (skip s (i + 1)) items
  | _ ->
    let item, i = value s i in
    array s (skip s i) (item :: items)

and fields s i found =
  match s.[i] with
  | '}' -> (Object found, i + 1)
  | ',' -> fields s (skip s (i + 1)) found
  | _ ->
    let key, i = raw s (i + 1) in
    let item, i = value s (skip s i + 1) in
    fields s (skip s i) (Texts.add key item found)

let quoted out text =
  Buffer.add_char out '"';
  Buffer.add_string out text;
  Buffer.add_char out '"'

let rec print out = function
  | Null -> Buffer.add_string out "null"
  | Bool b -> Buffer.add_string out (string_of_bool b)
  | Number n -> Buffer.add_string out (string_of_int n)
  | Text text -> quoted out text
  | Array items ->
    Buffer.add_char out '[';
    List.iteri
      (fun i item ->
        if i > 0 then Buffer.add_char out ',';
        print out item)
      items;
    Buffer.add_char out ']'
  | Object found ->
    Buffer.add_char out '{';
    let is_first = ref true in
    Texts.iter
      (fun key item ->
        if not !is_first then Buffer.add_char out ',';
        is_first := false;
        quoted out key;
        Buffer.add_char out ':';
        print out item)
      found;
    Buffer.add_char out '}'

let () =
  Bench.main (fun _ text ->
      let out = Buffer.create 1024 in
      print out (fst (value text 0));
      string_of_int (Buffer.length out))
