(* n insertions into a map (Map) one by one, keys pseudo-random, then as many lookups. *)
module Ints = Map.Make (Int)

let next x = x * 16807 mod 2147483647

let rec insert n x t =
  if n = 0 then t
  else
    let x = next x in
    insert (n - 1) x (Ints.add x n t)

let rec lookup n x t sum =
  if n = 0 then sum
  else
    let x = next x in
    lookup (n - 1) x t (sum + Ints.find x t)

let () = Bench.main (fun n _ -> string_of_int (lookup n 1 (insert n 1 Ints.empty) 0))
