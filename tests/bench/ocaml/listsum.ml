(* Ten times: a list of n numbers, built from its end, and their sum. *)
let rec build n xs = if n = 0 then xs else build (n - 1) (n :: xs)

let rec sum xs total = match xs with [] -> total | x :: rest -> sum rest (total + x)

let rec rounds times n total =
  if times = 0 then total else rounds (times - 1) n (total + sum (build n []) 0)

let () = Bench.main (fun n _ -> string_of_int (rounds 10 n 0))
