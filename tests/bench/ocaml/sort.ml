(* Sorts n pseudo-random numbers by merging lists: a merge is built from its end, then turned round. *)
let rec random n x xs =
  if n = 0 then xs
  else
    let x = x * 16807 mod 2147483647 in
    random (n - 1) x (x :: xs)

let rec onto xs found = match xs with [] -> found | x :: rest -> onto rest (x :: found)

let rec merge (xs : int list) ys found =
  match (xs, ys) with
  | [], _ -> onto ys found
  | _, [] -> onto xs found
  | x :: xt, y :: yt -> if x <= y then merge xt ys (x :: found) else merge xs yt (y :: found)

let rec drop n xs = if n = 0 then xs else drop (n - 1) (List.tl xs)

let rec merge_sort n xs =
  if n = 0 then []
  else if n = 1 then [ List.hd xs ]
  else
    let half = n / 2 in
    onto (merge (merge_sort half xs) (merge_sort (n - half) (drop half xs)) []) []

let rec checksum xs sum =
  match xs with [] -> sum | x :: rest -> checksum rest (((sum * 31) + x) mod 1000003)

let () = Bench.main (fun n _ -> string_of_int (checksum (merge_sort n (random n 1 [])) 0))
