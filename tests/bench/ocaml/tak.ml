(* Takeuchi's function. *)
let rec tak x y z : int =
  if x <= y then z else tak (tak (x - 1) y z) (tak (y - 1) z x) (tak (z - 1) x y)

let () = Bench.main (fun n _ -> string_of_int (tak (3 * n) (2 * n) n))
