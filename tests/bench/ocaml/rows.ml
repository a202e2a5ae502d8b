(* n updates of a map (Map) from n indexes one by one, at pseudo-random places. *)
module Ints = Map.Make (Int)

let rec make i n row = if i = n then row else make (i + 1) n (Ints.add i i row)

let rec update n size x row =
  if n = 0 then row
  else
    let x = x * 16807 mod 2147483647 in
    let i = x mod size in
    update (n - 1) size x (Ints.add i (Ints.find i row + n) row)

let () =
  Bench.main (fun n _ ->
      let row = update n n 1 (make 0 n Ints.empty) in
      string_of_int (Ints.fold (fun _ x sum -> ((sum * 31) + x) mod 1000003) row 0))
