(* Sorts n pseudo-random numbers by the library's sort. *)
let rec random n x xs =
  if n = 0 then xs
  else
    let x = x * 16807 mod 2147483647 in
    random (n - 1) x (x :: xs)

let () =
  Bench.main (fun n _ ->
      let xs = List.sort Int.compare (random n 1 []) in
      string_of_int (List.fold_left (fun sum x -> ((sum * 31) + x) mod 1000003) 0 xs))
