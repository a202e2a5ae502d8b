(* n insertions into a map (Map) one by one, keys pseudo-random, then the deletion of each. *)
module Ints = Map.Make (Int)

let next x = x * 16807 mod 2147483647

let rec insert n x t =
  if n = 0 then t
  else
    let x = next x in
    insert (n - 1) x (Ints.add x n t)

let rec remove n x t sum =
  if n = 0 then sum + Ints.cardinal t
  else
    let x = next x in
    let sum = sum + Ints.find x t in
    remove (n - 1) x (Ints.remove x t) sum

let () = Bench.main (fun n _ -> string_of_int (remove n 1 (insert n 1 Ints.empty) 0))
