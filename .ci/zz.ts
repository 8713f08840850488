const  x=1
