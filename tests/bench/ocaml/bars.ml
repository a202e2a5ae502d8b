(* n pieces of ten bytes are welded onto a string one by one, then n slices of ten bytes are taken from it. *)
let rec build n bar = if n = 0 then bar else build (n - 1) (bar ^ "ten letters")

let rec slices n x bar sum =
  if n = 0 then sum
  else
    let x = x * 16807 mod 2147483647 in
    let from = x mod String.length bar in
    let part = String.sub bar from (min 10 (String.length bar - from)) in
    slices (n - 1) x bar (sum + String.length part + Char.code part.[0])

let () = Bench.main (fun n _ -> string_of_int (slices n 1 (build n "") 0))
