(* The sum of the primes up to n: of a list, those are crossed out that a prime divides. *)
let rec sieve limit xs =
  match xs with
  | [] -> []
  | p :: _ when p * p > limit -> xs
  | p :: rest -> p :: sieve limit (List.filter (fun x -> x mod p <> 0) rest)

let rec up_to from until xs = if until < from then xs else up_to from (until - 1) (until :: xs)

let () = Bench.main (fun n _ -> string_of_int (List.fold_left ( + ) 0 (sieve n (up_to 2 n []))))
