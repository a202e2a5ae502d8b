(* Binary trees: many short-lived ones of each depth beside one that stays. *)
type tree = Leaf | Node of tree * tree

let rec tree depth =
  if depth = 0 then Leaf
  else
    let left = tree (depth - 1) in
    Node (left, tree (depth - 1))

let rec nodes = function Leaf -> 1 | Node (left, right) -> 1 + nodes left + nodes right

let rec many times depth sum =
  if times = 0 then sum else many (times - 1) depth (sum + nodes (tree depth))

let rec depths depth max sum =
  if depth > max then sum
  else depths (depth + 2) max (sum + many (1 lsl (4 + max - depth)) depth 0)

let () =
  Bench.main (fun max _ ->
      let stays = tree max in
      let sum = depths 4 max 0 in
      string_of_int (sum + nodes stays))
